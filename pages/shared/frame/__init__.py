"""What surrounds every page: the sidebar and the check of the settings file."""
