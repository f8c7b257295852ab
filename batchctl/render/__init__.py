"""What is said: plans, events, problems as text, JSON lines and Markdown. The only user of rich; decides nothing."""
