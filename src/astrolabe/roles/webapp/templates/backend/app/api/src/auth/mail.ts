import { env } from '../env';
import { logger } from '../logger';

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

const TIMEOUT_MILLISECONDS = 10_000;

/**
 * Hands a mail to MAIL_WEBHOOK_URL. Without one it is logged in development; in production only its loss is, since its
 * text may hold a secret link.
 */
export async function sendMail(mail: Mail): Promise<void> {
  if (!env.MAIL_WEBHOOK_URL) {
    if (env.NODE_ENV === 'production') logger.warn('MAIL_WEBHOOK_URL is not set: a mail was lost');
    else logger.info({ mail }, `mail to ${mail.to}: ${mail.text}`);
    return;
  }
  const answer = await fetch(env.MAIL_WEBHOOK_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(mail),
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  });
  if (!answer.ok) logger.error({ status: answer.status }, 'the mail service refused a mail');
}
