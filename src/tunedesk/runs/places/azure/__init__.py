"""Azure: Microsoft Entra ID's tokens, and deployments of tuned models through the control plane."""
