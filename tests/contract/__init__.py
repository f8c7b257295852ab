"""What every Cloud does, asked of the fake in memory and of the real one: a fake that lies is caught."""
