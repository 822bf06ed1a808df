"""The chaos suite: calls under faults on the embedded stack, judged by a stranger."""
