"""Runs on any number of hosts: Temporal moves the work, notices the dead and takes over; what happened stays in our store."""
