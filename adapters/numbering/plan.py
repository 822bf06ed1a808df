"""What the world's numbering plans say of a number, from the copy of them that the phonenumbers library brings."""

from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from calls.ports.numbering import NumberFacts, NumberKind

_KINDS: Final = {
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST: NumberKind.SHARED_COST,
}
_SATELLITE_CODES: Final = frozenset({870, 881, 882, 883})
"""Inmarsat, Global Mobile Satellite System and the international networks (ITU-T E.164, list of country codes)."""
_NO_COUNTRY = "001"
_UNKNOWN_ZONE = "Etc/Unknown"


class NumberingPlan:
    """A Numbering over the library's tables; it asks nobody."""

    def facts(self, number: str) -> NumberFacts:
        """What the plan says of a number in E.164 form."""
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return NumberFacts(is_possible=False)
        code = parsed.country_code or 0
        sharing = tuple(c for c in phonenumbers.region_codes_for_country_code(code) if c != _NO_COUNTRY)
        is_given_out = phonenumbers.is_valid_number(parsed)
        country = phonenumbers.region_code_for_number(parsed)
        kind = _KINDS.get(phonenumbers.number_type(parsed), NumberKind.ORDINARY)
        written = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        return NumberFacts(
            is_possible=phonenumbers.is_possible_number(parsed),
            written=written if written != number else "",
            is_short=not is_given_out and any(_is_short(parsed.national_number or 0, region) for region in sharing),
            country=country if country != _NO_COUNTRY else None,
            calling_code_countries=sharing,
            kind=NumberKind.SATELLITE if code in _SATELLITE_CODES else kind,
        )

    def zones(self, number: str) -> tuple[str, ...]:
        """All time zones of a number's area, or of its country's where it has none."""
        try:
            found = time_zones_for_number(phonenumbers.parse(number))
        except phonenumbers.NumberParseException:
            return ()
        return tuple(zone for zone in found if zone != _UNKNOWN_ZONE)


def _is_short(national: int, region: str) -> bool:
    """A country's own short code behind its calling code: some carriers would put that through."""
    short = phonenumbers.PhoneNumber(
        country_code=phonenumbers.country_code_for_region(region), national_number=national
    )
    is_emergency: bool = phonenumbers.is_emergency_number(str(national), region)
    return is_emergency or phonenumbers.is_valid_short_number_for_region(short, region)
