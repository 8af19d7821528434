// The tests' OpenID Connect provider: oidc-provider with its own sign-in pages. Anybody can sign in under any name;
// keys are generated at the start, so that a restart rotates them.
// node oidc.mjs PORT REDIRECT_URI
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const key = (type, options, alg) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
  kid: randomUUID(),
  use: 'sig',
  alg,
});

const both = ['uploader', 'editor'];
const roles = { ann: both, bea: both, cyn: both, uma: ['uploader'], machine: ['uploader'] };

const provider = new Provider(issuer, {
  jwks: { keys: [key('rsa', { modulusLength: 2048 }, 'RS256'), key('ec', { namedCurve: 'P-256' }, 'ES256')] },
  cookies: { keys: [randomUUID()] },
  clients: [
    {
      client_id: 'ingest',
      // Characters that must be escaped in the header.
      client_secret: 'a+b/c&d=e:f g',
      redirect_uris: [redirect],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
    {
      client_id: 'machine',
      client_secret: 'machine-secret',
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
    },
  ],
  claims: { openid: ['sub'], profile: ['preferred_username', 'roles'], email: ['email'] },
  conformIdTokenClaims: false,
  async findAccount(_, id) {
    const claims = { sub: id, preferred_username: `${id} the user`, email: `${id}@example.com`, roles: roles[id] ?? [] };
    return { accountId: id, claims: async () => claims };
  },
  extraTokenClaims: async (_, token) => ({ roles: roles[token.accountId ?? token.clientId] ?? [] }),
  pkce: { required: () => true, methods: ['S256'] },
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, __, oneOf) => oneOf ?? 'urn:contacts',
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: 'contacts',
        audience: resource,
        accessTokenTTL: 300,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: resource === 'urn:curves' ? 'ES256' : 'RS256' } },
      }),
    },
  },
});

// Ends with the process that started it, which closes the pipe.
process.stdin.on('end', () => process.exit()).resume();

provider.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${issuer}`));
