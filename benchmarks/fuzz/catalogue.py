"""All targets by name. Only the module that a target stands in is loaded, so that its own imports are its own."""

import importlib

from target import Target

MODULES = {
    "plan-documents": "documents",
    "suites": "stored",
    "exercises": "stored",
    "settings": "stored",
    "prompts": "documents",
    "cron": "documents",
    "paths": "documents",
    "goals": "goals",
    "skills": "documents",
    "notes": "documents",
    "transcripts": "stored",
    "recordings": "stored",
    "plan-replies": "replies",
    "calls": "replies",
    "arguments": "wires",
    "edits": "replies",
    "commands": "replies",
    "claims": "replies",
    "patches": "replies",
    "secrets": "replies",
    "test-reports": "reports",
    "coverage": "reports",
    "findings": "reports",
    "manifests": "reports",
    "locks": "reports",
    "stream-openai": "wires",
    "stream-openai-responses": "wires",
    "stream-anthropic": "wires",
    "stream-gemini": "wires",
    "limits": "wires",
    "gate-requests": "network",
    "client-hellos": "network",
    "search-answers": "network",
    "web-pages": "network",
    "web-addresses": "network",
    "http-answers": "network",
}
SLOW = {
    "stream-openai",
    "stream-openai-responses",
    "stream-anthropic",
    "stream-gemini",
    "http-answers",
    "goals",
}
"""One input takes milliseconds."""


def target_of(name: str) -> Target:
    """Return a target; KeyError where there is none of that name."""
    return importlib.import_module(MODULES[name]).TARGETS[name]
