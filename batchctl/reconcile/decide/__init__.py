"""What is wanted against what is held: the decision alone, without what the command line asks beside it. Pure."""
