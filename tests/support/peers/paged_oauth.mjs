// An OAuth server (oauth2-mock-server) whose tokens live for two seconds, and a list in pages that
// takes two thirds of a second for each and checks the token with the server's JWKS.
//
// usage: node paged_oauth.mjs NODE_MODULES
//
// Prints the two ports. GET /counts of the list says how many tokens were issued and rejected.

import crypto from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRequire } from 'node:module';

const require = createRequire(path.resolve(process.argv[2], 'x.js'));
const { OAuth2Server } = await import(require.resolve('oauth2-mock-server'));

const LIFETIME = 2;
const PAGES = 6;
const counts = { issued: 0, rejected: 0 };

const oauth = new OAuth2Server();
await oauth.issuer.keys.generate('RS256');
oauth.service.on('beforeTokenSigning', (token) => {
  token.payload.exp = token.payload.iat + LIFETIME;
});
oauth.service.on('beforeResponse', (response) => {
  counts.issued += 1;
  response.body.expires_in = LIFETIME;
});
await oauth.start(0, '127.0.0.1');

async function isValid(authorization) {
  const [, header, payload, signature] =
    /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? '') ?? [];
  if (!signature) return false;
  const answer = await fetch(`http://127.0.0.1:${oauth.address().port}/jwks`);
  const key = crypto.createPublicKey({ key: (await answer.json()).keys[0], format: 'jwk' });
  const signed = Buffer.from(`${header}.${payload}`);
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url'));
  const bytes = Buffer.from(signature, 'base64url');
  return crypto.verify('RSA-SHA256', signed, key, bytes) && exp > Date.now() / 1000;
}

const list = http.createServer(async (request, response) => {
  const url = new URL(request.url, 'http://list');
  if (url.pathname === '/counts') {
    return response.end(JSON.stringify(counts));
  }
  if (!(await isValid(request.headers.authorization))) {
    counts.rejected += 1;
    response.statusCode = 401;
    return response.end('{"message":"expired"}');
  }
  await sleep(670);
  const page = Number(url.searchParams.get('page') ?? 1);
  if (page < PAGES) response.setHeader('Link', `</list?page=${page + 1}>; rel="next"`);
  response.end(JSON.stringify([{ page }]));
});
list.listen(0, '127.0.0.1', () => console.log(oauth.address().port, list.address().port));
