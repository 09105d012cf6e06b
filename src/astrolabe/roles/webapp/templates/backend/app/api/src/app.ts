import { randomUUID, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import cors from 'cors';
import express, { type Express, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import { pinoHttp } from 'pino-http';
import { accountRoutes } from './auth/account';
import { identify } from './auth/actor';
import { authRoutes } from './auth/routes';
import { userRoutes } from './auth/users';
import { databaseAnswers } from './database';
import { env } from './env';
import { refuseOtherMethods } from './http/methods';
import { notFound, Problem, problemHandler } from './http/problem';
import { logger } from './logger';
import { measured, registry } from './metrics';
import { docsPage, docsStyle } from './openapi/docs';
import { openapiDocument } from './openapi/document';
import { resources } from './resources';

const MINUTE = 60_000;
const REQUEST_ID = /^[\w-]{1,64}$/;

const logged = pinoHttp({
  logger,
  genReqId: (req, res) => {
    const given = req.headers['x-request-id'];
    const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    res.setHeader('X-Request-Id', id);
    return id;
  },
  autoLogging: { ignore: (req) => /^\/(healthz|readyz|metrics)$/.test(req.url ?? '') },
  customLogLevel: (_req, res, error) => {
    if (error || res.statusCode >= 500) return 'error';
    return res.statusCode >= 400 ? 'warn' : 'info';
  },
});

const secured = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      baseUri: ["'self'"],
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      scriptSrc: ["'self'"],
      scriptSrcAttr: ["'none'"],
      styleSrc: ["'self'"],
    },
  },
  strictTransportSecurity: env.COOKIE_SECURE,
});

function limited(perMinute: number): RequestHandler {
  if (perMinute === 0) return (_req, _res, next) => next();
  return rateLimit({
    windowMs: MINUTE,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: () => {
      throw new Problem(429, 'too_many_requests', 'Too many requests. Wait a minute.');
    },
  });
}

const sameText = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));

const metricsAllowed: RequestHandler = (req, _res, next) => {
  const expected = env.METRICS_TOKEN && `Bearer ${env.METRICS_TOKEN}`;
  if (expected && !sameText(req.get('authorization') ?? '', expected)) throw notFound();
  next();
};

/** No address holds a NUL, which PostgreSQL would choke on. */
const refuseNul: RequestHandler = (req, _res, next) => {
  if (req.path.includes('%00')) throw notFound();
  next();
};

/** What the readiness probe asks: false once the server is about to stop. */
export interface Readiness {
  accepting: boolean;
}

function addProbes(app: Express, readiness: Readiness): void {
  app.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  app.get('/readyz', async (_req, res) => {
    const ready = readiness.accepting && (await databaseAnswers());
    res.status(ready ? 200 : 503).json({ status: ready ? 'ok' : 'unavailable' });
  });
  app.get('/metrics', metricsAllowed, async (_req, res) => {
    res.type(registry.contentType).send(await registry.metrics());
  });
}

function addApi(app: Express): void {
  app.use(
    '/api',
    limited(env.RATE_LIMIT_PER_MINUTE),
    refuseOtherMethods(openapiDocument.paths),
    refuseNul,
    express.json({ limit: env.BODY_LIMIT }),
  );
  app.get('/api/openapi.json', (_req, res) => {
    res.json(openapiDocument);
  });
  app.get('/api/docs', (_req, res) => {
    res.type('html').send(docsPage);
  });
  app.get('/api/docs.css', (_req, res) => {
    res.type('css').send(docsStyle);
  });
  app.use('/api/auth', limited(env.AUTH_RATE_LIMIT_PER_MINUTE), authRoutes);
  app.use('/api', identify);
  app.use('/api/me', accountRoutes);
  app.use('/api/users', userRoutes);
  for (const { path: segment, router } of resources) app.use(`/api/${segment}`, router);
  app.use('/api', () => {
    throw notFound();
  });
}

/** Serves the built web client, and its page for every address the client knows. */
function addWebClient(app: Express): void {
  const index = path.join(env.WEB_DIST, 'index.html');
  if (!existsSync(index)) return;
  const assets = { fallthrough: false, immutable: true, maxAge: '1y' };
  app.use('/assets', express.static(path.join(env.WEB_DIST, 'assets'), assets));
  app.use(express.static(env.WEB_DIST, { index: false }));
  app.get('/{*path}', (_req, res) => {
    res.setHeader('Cache-Control', 'no-cache');
    res.sendFile(index);
  });
}

export function createApp(readiness: Readiness = { accepting: true }): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', env.TRUST_PROXY);
  app.use(logged, measured, secured);
  app.use(cors({ origin: env.CORS_ORIGINS, credentials: true, exposedHeaders: ['Location'] }));
  addProbes(app, readiness);
  addApi(app);
  addWebClient(app);
  app.use(() => {
    throw notFound();
  });
  app.use(problemHandler);
  return app;
}
