"""What is known of a model before it is asked: its window, its prices, what it can do."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from astrolabe.adapters.models.known import KNOWN
from astrolabe.adapters.models.options import PriceOptions, ProviderOptions
from astrolabe.domain.conversation import TokenUse
from astrolabe.ports.model import ModelInfo, Prices

UNKNOWN_WINDOW = 32_768
"""Tokens a model is taken to read of which nothing is known: what small local ones are served with at the least."""
MOST_WRITTEN = 32_768
"""Tokens an answer is taken to have at the most where nothing is known; no provider of a larger window allows less."""

_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)([bBmM])(?![a-zA-Z0-9])")
_LEAST_MILLIONS = 50
"""What is less tells of a window, as in `-1m`."""
_SMALL_BILLIONS = 4


@dataclass(frozen=True)
class Listed:
    """What the price table that comes with the library says of a model; nothing of it is asked for over a network."""

    window: int | None = None
    prices: Prices | None = None


def info_of(name: str, base_url: str, options: ProviderOptions) -> ModelInfo:
    """Return what is known of the model `provider/model` behind that address; what an operator said counts first."""
    provider, _, model = name.partition("/")
    listed = listed_of(model, base_url)
    window = options.window or listed.window or UNKNOWN_WINDOW
    most = min(options.most_tokens or MOST_WRITTEN, window)
    small = is_small(model) if options.small is None else options.small
    own_machine = provider in KNOWN and not KNOWN[provider].variables
    return ModelInfo(
        name=name,
        provider=provider,
        window=window,
        most_tokens=most,
        tools=options.tools is not False,
        shapes=options.shapes is not False,
        streams=options.streams is not False,
        prices=_chosen(options.prices) if options.prices else listed.prices,
        calls=options.calls_of.get(model, options.calls),
        bounds=(small or own_machine) if options.bounds is None else options.bounds,
        small=small,
    )


def is_small(model: str) -> bool:
    """Tell whether a name says, as those of open models do (`qwen2.5-coder:1.5b`, `gemma-270m`), that there is little to it."""
    sizes = [
        float(number) / (1 if unit in "bB" else 1000)
        for number, unit in _SIZE.findall(model)
        if unit in "bB" or float(number) >= _LEAST_MILLIONS
    ]
    return bool(sizes) and max(sizes) <= _SMALL_BILLIONS


def listed_of(model: str, base_url: str) -> Listed:
    """Return what the price table says of a model of whoever is behind an address; it knows nothing of private ones."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - takes longer than all a command does

    try:
        _, found = get_snapshot().find_provider_model(model, None, None, base_url)
    except LookupError:
        return Listed()
    prices = found.get_prices(datetime.now(UTC))
    return Listed(found.context_window, _of_table(prices))


def money_of(use: TokenUse, model: str, info: ModelInfo, place_url: str, *, chosen: bool) -> float:
    """Return what an answer cost in US dollars, 0 where no price is known.

    By the prices an operator has `chosen`, else by the table's own rules, which know more than four prices.
    """
    if info.prices is None:
        return 0.0
    if chosen:
        return _simply(use, info.prices)
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - takes longer than all a command does

    usage = Usage(
        input_tokens=use.read,
        output_tokens=use.written,
        cache_read_tokens=use.cached,
        cache_write_tokens=use.stored,
    )
    for name in (model, info.name.partition("/")[2]):
        try:
            return max(0.0, float(calc_price(usage, name, provider_api_url=place_url).total_price))
        except (LookupError, ValueError):  # another name than the one asked for, or counts that cannot be
            continue
    return _simply(use, info.prices)


def _simply(use: TokenUse, prices: Prices) -> float:
    fresh = max(0, use.read - use.cached - use.stored)
    parts = (
        (fresh, prices.read),
        (use.written, prices.written),
        (use.cached, prices.cached),
        (use.stored, prices.stored),
    )
    return sum(tokens * price for tokens, price in parts) / 1_000_000


def _of_table(prices: Any) -> Prices | None:
    read, written = _highest(prices.input_mtok), _highest(prices.output_mtok)
    if read is None or written is None:
        return None
    cached, stored = _highest(prices.cache_read_mtok), _highest(prices.cache_write_mtok)
    return Prices(read, written, read if cached is None else cached, read if stored is None else stored)


def _highest(price: Any) -> float | None:
    """Return what a million tokens cost at the most: some cost more in long questions."""
    if price is None:
        return None
    tiers = getattr(price, "tiers", None)
    return float(price) if tiers is None else float(max(price.base, *(tier.price for tier in tiers)))


def _chosen(prices: PriceOptions) -> Prices:
    cached = prices.read if prices.cached is None else prices.cached
    stored = prices.read if prices.stored is None else prices.stored
    return Prices(prices.read, prices.written, cached, stored)
