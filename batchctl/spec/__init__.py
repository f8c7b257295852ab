"""The YAML spec, from text to Desired: load, model, inventory, template, fanout, resolve. No request is sent here."""
