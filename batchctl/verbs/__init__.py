"""The verbs, as straight lines of calls: a spec and a cloud come in, a plan or events go out."""
