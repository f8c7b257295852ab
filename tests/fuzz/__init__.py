"""Specs and saved plans that were changed at random: whatever they say, they end in a refusal or in a plan."""
