"""One file a kind: observe, create, update, delete, and the kind's REST JSON."""
