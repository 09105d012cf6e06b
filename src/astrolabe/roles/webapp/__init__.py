"""A web application from a domain model: its recipe, its agents, its templates."""

from astrolabe.roles.webapp.backend import BackendAgent
from astrolabe.roles.webapp.devops import DevopsAgent
from astrolabe.roles.webapp.documentation import DocumentationAgent
from astrolabe.roles.webapp.frontend import FrontendAgent
from astrolabe.roles.webapp.recipe import IntegrationAgent, WebAppRecipe
from astrolabe.roles.webapp.scaffold import ScaffoldAgent
from astrolabe.roles.webapp.testing import TestingAgent
from astrolabe.sdk import Plugin

plugin = Plugin(
    name="webapp",
    agents=(
        ScaffoldAgent(),
        BackendAgent(),
        FrontendAgent(),
        TestingAgent(),
        DocumentationAgent(),
        DevopsAgent(),
        IntegrationAgent(),
    ),
    recipes=(WebAppRecipe(),),
)
"""What the entry point yields."""
