"""Secrets in text: what they look like (`rules`), where they are (`scanning`), and text without them (`redaction`).

A secret is known by the shape its provider gave it, by the name it is assigned to, or because it is one of the operator's
own. What only stands for one is none: values with words like `example` or `dummy`, keys of a provider's test mode
(`sk_test_`), templates (`${TOKEN}`), digests of lock files and UUIDs.
"""
