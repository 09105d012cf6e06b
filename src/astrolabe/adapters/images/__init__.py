"""Toolchains and installed dependencies in the cache folder: `ImageCache` stands behind the port `Images`."""

from astrolabe.adapters.images.cache import ImageCache
from astrolabe.adapters.images.options import ImageOptions

__all__ = ["ImageCache", "ImageOptions"]
