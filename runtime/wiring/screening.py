"""The deployment's screening, the same for all who ask it: at the request, and again right before the dial."""

from adapters.numbering.plan import NumberingPlan
from calls.ports.call_store import CallStore
from calls.ports.do_not_call import DoNotCallList
from calls.screening import Frequency, Screening
from runtime.settings import Settings


def screening(settings: Settings, calls: CallStore, do_not_call: DoNotCallList) -> Screening:
    """The rules of these settings, over the stores of calls and of those who are not to be called."""
    most = settings.max_calls_per_callee_per_day
    return Screening(
        numbering=NumberingPlan(),
        do_not_call=do_not_call,
        allowed_countries=frozenset(settings.allowed_countries),
        calling_hours=settings.calling_hours,
        frequency=Frequency(calls, most) if most is not None else None,
    )
