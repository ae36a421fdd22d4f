"""The exam "My questions": its list, changes by hand, and questions drafted by a model."""
