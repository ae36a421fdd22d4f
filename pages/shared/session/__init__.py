"""What a session holds: the open collection, cached resources, model servers, the sample."""
