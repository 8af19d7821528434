// Generates an RSA key for tests that sign tokens: the private key as PEM, the public key as PEM and JWK.
import { generateKeyPairSync, randomUUID } from 'node:crypto';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg: 'RS256' };
const pem = (key, type) => key.export({ format: 'pem', type });
console.log(JSON.stringify({ private_pem: pem(privateKey, 'pkcs8'), public_pem: pem(publicKey, 'spki'), jwk }));
