import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { CORE_GROUP, CORE_USER, ENTERPRISE_USER } from './attributes.ts'
import { MAX_RESULTS } from './list.ts'

const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema'
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'

/** RFC 7643 §5: what this server can do. */
export function serviceProviderConfig(base: string): JsonObject {
  return {
    schemas: [CONFIG],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_RESULTS },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: "A token of the grant 'scim', as Authorization: Bearer TOKEN.",
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
}

/** RFC 7643 §6. */
export function resourceTypes(base: string): JsonObject[] {
  return [
    {
      schemas: [RESOURCE_TYPE],
      id: 'User',
      name: 'User',
      endpoint: '/Users',
      description: 'A person with an account',
      schema: CORE_USER,
      schemaExtensions: [{ schema: ENTERPRISE_USER, required: false }],
      meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/User` },
    },
    {
      schemas: [RESOURCE_TYPE],
      id: 'Group',
      name: 'Group',
      endpoint: '/Groups',
      description: 'A group, which may give its members roles',
      schema: CORE_GROUP,
      meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/Group` },
    },
  ]
}

interface Given {
  readonly type?: 'string' | 'boolean' | 'complex' | 'reference'
  readonly required?: boolean
  readonly caseExact?: boolean
  readonly mutability?: 'readWrite' | 'readOnly' | 'immutable'
  readonly uniqueness?: 'none' | 'server'
  readonly multiValued?: boolean
  readonly sub?: readonly JsonObject[]
}

function attributeOf(name: string, description: string, given: Given = {}): JsonObject {
  const { sub, ...rest } = given
  const described: Record<string, JsonValue> = {
    name,
    description,
    type: 'string',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...rest,
  }
  return sub === undefined ? described : { ...described, type: 'complex', subAttributes: sub }
}

const text = (name: string, description: string): JsonObject => attributeOf(name, description)
const listed = (name: string, description: string): JsonObject =>
  attributeOf(name, description, {
    multiValued: true,
    sub: [
      text('value', 'The value'),
      text('display', 'How it is shown'),
      text('type', 'What kind it is, such as work'),
      attributeOf('primary', 'Whether it is the preferred one', { type: 'boolean' }),
    ],
  })

/** RFC 7643 §7: the attributes that are kept and given back; all others are not taken. */
export function schemas(base: string): JsonObject[] {
  const meta = (id: string): JsonObject => ({ resourceType: 'Schema', location: `${base}/Schemas/${id}` })
  return [
    {
      schemas: [SCHEMA],
      id: CORE_USER,
      name: 'User',
      description: 'A person with an account',
      attributes: [
        attributeOf('userName', 'Unique name of the account', { required: true, uniqueness: 'server' }),
        attributeOf('externalId', "The client's own name for it", { caseExact: true }),
        attributeOf('name', 'Parts of the name', {
          sub: ['formatted', 'familyName', 'givenName', 'middleName', 'honorificPrefix', 'honorificSuffix'].map((one) =>
            text(one, one),
          ),
        }),
        ...['displayName', 'nickName', 'profileUrl', 'title', 'userType', 'preferredLanguage', 'locale', 'timezone'].map((one) =>
          text(one, one),
        ),
        attributeOf('active', 'False ends sessions and tokens at once', { type: 'boolean' }),
        ...['emails', 'phoneNumbers', 'ims', 'photos', 'addresses', 'entitlements'].map((one) => listed(one, one)),
        listed('roles', 'Kept, without effect here: groups give roles'),
        attributeOf('groups', 'Groups that the user is in', {
          multiValued: true,
          mutability: 'readOnly',
          sub: [text('value', 'Id of the group'), text('display', 'Its name')],
        }),
      ],
      meta: meta(CORE_USER),
    },
    {
      schemas: [SCHEMA],
      id: ENTERPRISE_USER,
      name: 'EnterpriseUser',
      description: 'Where a person works',
      attributes: [
        ...['employeeNumber', 'costCenter', 'organization', 'division', 'department'].map((one) => text(one, one)),
        attributeOf('manager', 'The manager', { sub: [text('value', 'Id'), text('displayName', 'Name')] }),
      ],
      meta: meta(ENTERPRISE_USER),
    },
    {
      schemas: [SCHEMA],
      id: CORE_GROUP,
      name: 'Group',
      description: 'A group, which may give its members roles',
      attributes: [
        attributeOf('displayName', 'Unique name of the group', { required: true, uniqueness: 'server' }),
        attributeOf('externalId', "The client's own name for it", { caseExact: true }),
        attributeOf('members', 'Users in the group', {
          multiValued: true,
          sub: [
            attributeOf('value', 'Id of the user', { caseExact: true, mutability: 'immutable' }),
            attributeOf('display', 'Name of the user', { mutability: 'readOnly' }),
          ],
        }),
      ],
      meta: meta(CORE_GROUP),
    },
  ]
}
