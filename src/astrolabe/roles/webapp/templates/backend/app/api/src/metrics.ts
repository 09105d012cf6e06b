import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

export const registry = new Registry();
collectDefaultMetrics({ register: registry });

const seconds = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time to answer a request, by method, route and status.',
  labelNames: ['method', 'route', 'status'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  registers: [registry],
});

/** Measures every request under the pattern of its route, so that ids do not make series. */
export const measured: RequestHandler = (req, res, next) => {
  const stop = seconds.startTimer();
  res.on('finish', () => {
    const route = (req.route as { path?: unknown } | undefined)?.path;
    const pattern = typeof route === 'string' ? `${req.baseUrl}${route}` : 'other';
    stop({ method: req.method, route: pattern, status: String(res.statusCode) });
  });
  next();
};
