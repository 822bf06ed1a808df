"""An agent server that reminds people of an appointment, scripted, without any language model."""
