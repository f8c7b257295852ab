"""Why things are as they are: causes in words, each with what to do."""
