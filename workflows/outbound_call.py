"""The story of one outbound call: find room, dial, wait for the answer, converse, wrap up."""

from temporalio import workflow

from calls.model import CallOrder
from workflows.dialling import Dialling
from workflows.live_call import CallResult, LiveCallWorkflow
from workflows.queueing import Queueing
from workflows.redialling import begin_redial
from workflows.talking import Talking


@workflow.defn
class OutboundCall(LiveCallWorkflow):
    """Places one call and sees it through."""

    @workflow.init
    def __init__(self, order: CallOrder) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: CallOrder) -> CallResult:  # noqa: ARG002 - the engine gives it to __init__ and run alike
        """Tell the story to its end, whatever is asked meanwhile."""
        return await self._tell_to_the_end()

    async def _reach_and_talk(self, talking: Talking) -> None:
        dialling = Dialling(self._story)
        await Queueing(self._story).admit()
        await dialling.dial()
        await dialling.await_answer()
        await talking.converse()

    async def _follow_up(self) -> None:
        await begin_redial(self._story.call)
