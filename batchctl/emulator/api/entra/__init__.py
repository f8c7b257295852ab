"""What Entra ID answers, and what the Azure CLI asks when somebody signs in."""
