"""The do-not-call list in memory: what its port promises, without a database."""

from dataclasses import dataclass, field
from datetime import datetime

from calls.ports.do_not_call import Added, DoNotCall, ListedNumber
from calls.ports.pages import Page, StoreUnavailableError
from tests.fakes.paging import page_from, to_the_millisecond


@dataclass
class FakeDoNotCallList:
    """Keeps numbers in a dictionary, which remembers their order. While `is_away`, it raises as a dead store does."""

    is_away: bool = False
    kept: dict[str, ListedNumber] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    async def add(self, entry: DoNotCall, at: datetime) -> Added:
        self._answer()
        if known := self.kept.get(entry.phone_number):
            return Added(known, is_new=False)
        listed = ListedNumber(**entry.model_dump(), added_at=to_the_millisecond(at))
        self.kept[entry.phone_number] = listed
        self._count += 1
        self._places[entry.phone_number] = self._count
        return Added(listed, is_new=True)

    async def find(self, phone_number: str) -> ListedNumber | None:
        self._answer()
        return self.kept.get(phone_number)

    async def page(self, *, page_size: int, page_token: str | None) -> Page[ListedNumber]:
        self._answer()

        def place(one: ListedNumber) -> tuple[str, ...]:
            return (f"{self._places[one.phone_number]:024x}",)

        return page_from("do_not_call", self.kept.values(), key=place, size=page_size, page_token=page_token)

    async def remove(self, phone_number: str) -> bool:
        self._answer()
        return self.kept.pop(phone_number, None) is not None

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailableError("the fake list is away")
