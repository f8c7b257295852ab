"""The only folder that imports azure.*: resources to requests and back, SAS, faults, retries."""
