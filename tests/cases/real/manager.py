print("adds tasks")
