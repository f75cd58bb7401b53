// An OpenID Connect issuer: oidc-provider, which is certified. Prints its port and ends with the tests.
// Access tokens of the client `short` expire after a second. GET /seen returns the requests of the token
// and revocation endpoints. The token exchange is made with its interface for further grants.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

console.info = console.warn = () => {};
const require = createRequire(process.argv[2] + '/package.json');
const { Provider, errors } = await import(pathToFileURL(require.resolve('oidc-provider')));

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const person = (client_id, more) => ({
  client_id,
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token', DEVICE],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  ...more,
});

const server = createServer().listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}/realms/vfx`;
  const provider = new Provider(issuer, {
    clients: [
      person('farm'),
      person('short'),
      person('paste', { grant_types: ['authorization_code', 'refresh_token'] }),
      person('secret', { client_secret: 'client-s3cret', token_endpoint_auth_method: 'client_secret_basic' }),
      {
        client_id: 'service', client_secret: 'client-s3cret', grant_types: [EXCHANGE], response_types: [],
        redirect_uris: [], token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@studio.lan`, preferred_username: sub }),
    }),
    claims: { openid: ['sub'], email: ['email'], profile: ['preferred_username'] },
    scopes: ['openid', 'offline_access', 'render'],
    conformIdTokenClaims: false,
    cookies: { keys: ['k'] },
    features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
    rotateRefreshToken: true,
    ttl: {
      AccessToken: (_, __, client) => (client.clientId === 'short' ? 1 : 3600),
      AuthorizationCode: 60, DeviceCode: 600, Grant: 3600, IdToken: 3600, Interaction: 600,
      RefreshToken: 3600, Session: 3600,
    },
  });

  // RFC 8693: the subject token must be a valid access token of this issuer.
  provider.registerGrantType(EXCHANGE, async (ctx) => {
    const { params, client } = ctx.oidc;
    const subject = await provider.AccessToken.find(params.subject_token ?? '');
    if (!subject || params.subject_token_type !== 'urn:ietf:params:oauth:token-type:access_token') {
      throw new errors.InvalidGrant('the subject token is not valid');
    }
    const { accountId, scope } = subject;
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    grant.addOIDCScope(scope);
    const grantId = await grant.save();
    const token = new provider.AccessToken({
      accountId, client, claims: {}, expiresWithSession: false, grantId, gty: 'exchange', scope,
    });
    ctx.body = {
      access_token: await token.save(),
      expires_in: token.expiration,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
    };
  }, ['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'requested_token_type',
    'audience', 'resource', 'scope'], ['audience', 'resource']);

  const seen = [];
  provider.on('server_error', (_, error) => console.error(error));
  provider.use(async (ctx, next) => {
    await next();
    const name = ctx.oidc?.route;
    if (name === 'token' || name === 'revocation') {
      const { body } = ctx.oidc;
      seen.push({ route: name, status: ctx.status, ...body });
    }
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url === '/seen') {
      response.end(JSON.stringify(seen));
    } else if (request.url.startsWith('/realms/vfx')) {
      request.originalUrl = request.url;
      request.url = request.url.slice('/realms/vfx'.length) || '/';
      answer(request, response);
    } else {
      response.writeHead(404).end();
    }
  });
  console.log(port);
});
