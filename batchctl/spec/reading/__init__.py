"""A spec's text to a checked document, and that to a Spec: YAML, the schema, what no schema can say."""
