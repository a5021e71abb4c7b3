import type { AWSCredentialProvider, OIDCCallbackFunction } from './client-options';
import { MongoInvalidArgumentError } from './errors';
import type { CredentialCallbacks } from './mongo-options';

/** What the core tells a callback for MONGODB-OIDC; MONGODB-AWS is told nothing. */
interface Wanted {
  username?: string | null;
  timeoutMS?: number;
  idpInfo?: { issuer: string; clientId?: string | null; requestScopes: string[] } | null;
  refreshToken?: string | null;
}

/** Calls the one of a client's callbacks that there is, and gives what it returns as the core reads it: JSON. */
export async function supplyCredentials(callbacks: CredentialCallbacks, wanted: Wanted): Promise<string> {
  const { AWS_CREDENTIAL_PROVIDER, OIDC_CALLBACK, OIDC_HUMAN_CALLBACK } = callbacks;
  if (AWS_CREDENTIAL_PROVIDER) {
    const { accessKeyId, secretAccessKey, sessionToken } = await (AWS_CREDENTIAL_PROVIDER as AWSCredentialProvider)();
    return JSON.stringify({ accessKeyId, secretAccessKey, sessionToken });
  }
  const oidc = (OIDC_HUMAN_CALLBACK ?? OIDC_CALLBACK) as OIDCCallbackFunction | undefined;
  if (!oidc) throw new MongoInvalidArgumentError('The client has no callback for credentials');
  const { accessToken, refreshToken } = await oidc({
    timeoutContext: AbortSignal.timeout(wanted.timeoutMS ?? 0),
    version: 1,
    ...(wanted.username && { username: wanted.username }),
    ...(wanted.refreshToken && { refreshToken: wanted.refreshToken }),
    ...(wanted.idpInfo && { idpInfo: identityProvider(wanted.idpInfo) }),
  });
  return JSON.stringify({ accessToken, refreshToken });
}

function identityProvider({ issuer, clientId, requestScopes }: NonNullable<Wanted['idpInfo']>) {
  return { issuer, clientId: clientId ?? '', requestScopes };
}
