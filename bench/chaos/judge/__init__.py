"""The judge: compares what is recorded with what really happened. It imports nothing that it judges."""
