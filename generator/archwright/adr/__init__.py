"""A team's decision log, in any dialect: read it, change it without harm, lint it, export it."""
