"""The folder that ties datasets, runs and chats together."""
