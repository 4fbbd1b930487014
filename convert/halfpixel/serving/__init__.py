"""A gate at upload: a service that checks models which are sent to it, or which it may reach."""
