// Makes an account an admin: npm run admin -- person@example.com
import { prisma } from './database';

async function main(email: string | undefined): Promise<number> {
  if (!email) {
    console.error('Usage: npm run admin -- person@example.com');
    return 2;
  }
  const { count } = await prisma.user.updateMany({
    where: { email: email.trim().toLowerCase() },
    data: { role: 'admin' },
  });
  if (count === 0) console.error(`There is no account for ${email}. Register it first.`);
  else console.log(`${email} is an admin now.`);
  return count === 0 ? 1 : 0;
}

main(process.argv[2])
  .then((code) => {
    process.exitCode = code;
  })
  .finally(() => prisma.$disconnect())
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
