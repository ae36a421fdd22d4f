"""What pages share: the session, cached resources, components and charts."""
