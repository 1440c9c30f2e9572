import { decodesTo, endsInCrc, isAwsKey, isDiscordToken, isJwt, isPrivateKey, isRealPassword } from './checks.ts'
import { named, type SecretPattern, shaped, token } from './pattern.ts'

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const UUID_SAMPLE = 'c9b1f27e-03ad-4e58-9d6a-71e05fb4a832'

/** Shapes of secrets by who gives them out. What a service publishes of its tokens is meant; none is asked whether one is valid. */
export const PATTERNS: readonly SecretPattern[] = [
  // Clouds
  token('aws-access-key', 'AWS access key', 'AKIA', 'base32', 16, { check: isAwsKey }),
  token('aws-temporary-key', 'AWS temporary access key', 'ASIA', 'base32', 16, { check: isAwsKey }),
  named(
    'aws-secret-key',
    'AWS secret access key',
    ['aws_secret_access_key', 'aws_secret_key', 'aws_secret', 'secretAccessKey'],
    'base64',
    40,
  ),
  shaped('aws-mws', 'Amazon MWS token', ['amzn.mws.'], `(?<secret>amzn\\.mws\\.${UUID})`, { prefix: `amzn.mws.${UUID_SAMPLE}` }),
  shaped(
    'azure-storage',
    'Azure storage account key',
    ['accountkey='],
    'AccountKey=(?<secret>[A-Za-z0-9+/]{86}==)',
    { before: 'AccountKey=', length: 86, suffix: '==' },
    { check: decodesTo(64) },
  ),
  shaped(
    'azure-client-secret',
    'Microsoft Entra client secret',
    ['q~'],
    '(?<![\\w~.-])(?<secret>[A-Za-z0-9_~.]{3}\\dQ~[A-Za-z0-9_~.-]{31,34})(?![\\w~.-])',
    {
      prefix: 'aB38Q~',
      length: 34,
    },
  ),
  shaped(
    'azure-sas',
    'Azure shared access signature',
    ['sig='],
    'se=[^&\\s"\']{4,40}&[^\\s"\']{0,300}?sig=(?<secret>[A-Za-z0-9%]{43,60}(?:%3D|=))',
    {
      before: 'se=2026-01-01&sp=r&',
      prefix: 'sig=',
      length: 43,
      suffix: '%3D',
    },
  ),
  named('azure-devops', 'Azure DevOps token', ['azure_devops', 'system_accesstoken', 'azdo_pat'], 'lower', 52),
  token('google-api-key', 'Google API key', 'AIza', 'url', 35),
  token('google-oauth-secret', 'Google OAuth client secret', 'GOCSPX-', 'url', 28),
  token('google-oauth-token', 'Google OAuth access token', 'ya29.', 'url', 60, { max: 500 }),
  token('alibaba-key', 'Alibaba Cloud access key', 'LTAI', 'word', 20, { max: 26 }),
  token('tencent-key', 'Tencent Cloud secret id', 'AKID', 'word', 32),
  token('yandex-api-key', 'Yandex Cloud API key', 'AQVN', 'url', 35, { max: 38 }),
  token('digitalocean-pat', 'DigitalOcean token', 'dop_v1_', 'hex', 64),
  token('digitalocean-oauth', 'DigitalOcean OAuth token', 'doo_v1_', 'hex', 64),
  token('digitalocean-refresh', 'DigitalOcean refresh token', 'dor_v1_', 'hex', 64),
  named('linode', 'Linode token', ['linode'], 'hex', 64),
  token('heroku', 'Heroku API key', 'HRKU-AA', 'url', 58),
  token('fly', 'Fly.io token', 'fo1_', 'url', 43),
  token('netlify', 'Netlify token', 'nfp_', 'word', 36),
  token('vercel', 'Vercel token', 'vcp_', 'word', 56),
  named('cloudflare', 'Cloudflare API token', ['cloudflare_api_token', 'cloudflare_token', 'cf_api_token'], 'url', 40),
  shaped('cloudflare-origin', 'Cloudflare Origin CA key', ['v1.0-'], '(?<secret>v1\\.0-[0-9a-f]{24}-[0-9a-f]{146})', {
    prefix: 'v1.0-4f1c93be07d82a65e1c04b7d-',
    alphabet: '0123456789abcdef',
    length: 146,
  }),
  token('scaleway', 'Scaleway access key', 'SCW', 'upper', 17),
  token('supabase', 'Supabase token', 'sbp_', 'hex', 40),
  token('supabase-secret', 'Supabase secret key', 'sb_secret_', 'url', 31),
  token('neon', 'Neon API key', 'napi_', 'lower', 64),
  token('planetscale', 'PlanetScale token', 'pscale_tkn_', 'url', 43),
  token('planetscale-password', 'PlanetScale password', 'pscale_pw_', 'url', 43),
  token('databricks', 'Databricks token', 'dapi', 'hex', 32),
  token('tailscale', 'Tailscale key', 'tskey-auth-', 'url', 32, { max: 70 }),
  token('tailscale-api', 'Tailscale API key', 'tskey-api-', 'url', 32, { max: 70 }),

  // Code, packages and builds
  token('github-pat', 'GitHub personal access token', 'ghp_', 'word', 36, { check: endsInCrc }),
  token('github-oauth', 'GitHub OAuth token', 'gho_', 'word', 36, { check: endsInCrc }),
  token('github-user', 'GitHub user-to-server token', 'ghu_', 'word', 36, { check: endsInCrc }),
  token('github-server', 'GitHub server-to-server token', 'ghs_', 'word', 36, { check: endsInCrc }),
  token('github-refresh', 'GitHub refresh token', 'ghr_', 'word', 36, { check: endsInCrc, max: 76 }),
  shaped(
    'github-fine',
    'GitHub fine-grained token',
    ['github_pat_'],
    '(?<secret>github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?![A-Za-z0-9])',
    {
      prefix: 'github_pat_11ABCDEFG0q7Zr2Kd9XwTm_',
      length: 59,
    },
  ),
  token('gitlab-pat', 'GitLab personal access token', 'glpat-', 'url', 20, { max: 64 }),
  token('gitlab-deploy', 'GitLab deploy token', 'gldt-', 'url', 20, { max: 64 }),
  token('gitlab-runner', 'GitLab runner token', 'glrt-', 'url', 20, { max: 64 }),
  token('gitlab-build', 'GitLab CI job token', 'glcbt-', 'url', 20, { max: 64 }),
  token('gitlab-trigger', 'GitLab trigger token', 'glptt-', 'hex', 40),
  token('gitlab-feed', 'GitLab feed token', 'glft-', 'url', 20, { max: 64 }),
  token('gitlab-agent', 'GitLab agent token', 'glagent-', 'url', 50),
  token('gitlab-scim', 'GitLab SCIM token', 'glsoat-', 'url', 20),
  token('gitlab-oauth', 'GitLab OAuth secret', 'gloas-', 'hex', 64),
  token('bitbucket', 'Bitbucket app password', 'ATBB', 'word', 32),
  token('atlassian', 'Atlassian API token', 'ATATT3xFfGF0', 'url', 100, { max: 250 }),
  token('npm', 'npm token', 'npm_', 'word', 36, { check: endsInCrc }),
  token('pypi', 'PyPI token', 'pypi-AgEIcHlwaS5vcmc', 'url', 50, { max: 250 }),
  token('rubygems', 'RubyGems API key', 'rubygems_', 'hex', 48),
  token('crates', 'crates.io token', 'cio', 'word', 32),
  token('nuget', 'NuGet API key', 'oy2', 'lower', 43),
  token('docker', 'Docker Hub token', 'dckr_pat_', 'url', 27),
  token('artifactory', 'Artifactory API key', 'AKCp', 'word', 69),
  token('circleci', 'CircleCI token', 'CCIPAT_', 'word', 22, { max: 70 }),
  token('buildkite', 'Buildkite token', 'bkua_', 'hex', 40),
  token('sonar-user', 'SonarQube user token', 'squ_', 'hex', 40),
  token('sonar-project', 'SonarQube project token', 'sqp_', 'hex', 40),
  token('sourcegraph', 'Sourcegraph token', 'sgp_', 'hex', 40),
  token('postman', 'Postman API key', 'PMAK-', 'hex', 24, { suffix: '-3f9c1a7be05d8264f1a90c7e3b5d8264fa' }),
  token('pulumi', 'Pulumi token', 'pul-', 'hex', 40),
  shaped(
    'terraform',
    'Terraform Cloud token',
    ['.atlasv1.'],
    '(?<![\\w.])(?<secret>[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60,70})',
    {
      prefix: 'q7Zr2Kd9XwTm4B.atlasv1.',
      length: 67,
    },
  ),
  named('snyk', 'Snyk token', ['snyk_token', 'snyk_api'], 'hex', 8, { suffix: '-03ad-4e58-9d6a-71e05fb4a832' }),

  // Vaults
  token('vault-service', 'HashiCorp Vault token', 'hvs.', 'url', 90, { max: 120 }),
  token('vault-batch', 'HashiCorp Vault batch token', 'hvb.', 'url', 138, { max: 300 }),
  token('doppler', 'Doppler token', 'dp.pt.', 'word', 43),
  token('doppler-service', 'Doppler service token', 'dp.st.', 'url', 43, { max: 70 }),
  token('onepassword-service', '1Password service account token', 'ops_eyJ', 'url', 250, { max: 1200 }),
  token('age-key', 'age secret key', 'AGE-SECRET-KEY-1', 'upper', 58),

  // Work together
  shaped('slack-bot', 'Slack bot token', ['xoxb-'], '(?<secret>xoxb-\\d{9,14}-\\d{9,14}-[A-Za-z0-9]{18,34})(?![A-Za-z0-9])', {
    prefix: 'xoxb-263594206564-234394315674-',
    length: 24,
  }),
  shaped('slack-user', 'Slack user token', ['xoxp-'], '(?<secret>xoxp-(?:\\d{9,14}-){3}[a-f0-9]{28,34})(?![A-Za-z0-9])', {
    prefix: 'xoxp-263594206564-234394315674-234394315675-',
    alphabet: '0123456789abcdef',
    length: 32,
  }),
  shaped('slack-app', 'Slack app token', ['xapp-'], '(?<secret>xapp-\\d-[A-Z0-9]{9,14}-\\d{9,14}-[a-z0-9]{60,70})', {
    prefix: 'xapp-1-A02XK4P7T9Q-234394315674-',
    alphabet: 'abcdefghijklmnopqrstuvwxyz0123456789',
    length: 64,
  }),
  shaped(
    'slack-webhook',
    'Slack webhook',
    ['hooks.slack.com'],
    '(?<secret>hooks\\.slack\\.com/(?:services|workflows)/[A-Z0-9]{8,12}/[A-Z0-9]{8,20}/[A-Za-z0-9]{20,30})',
    {
      before: 'https://',
      prefix: 'hooks.slack.com/services/T02XK4P7T/B02XK4P7T9Q/',
      length: 24,
    },
  ),
  shaped(
    'teams-webhook',
    'Microsoft Teams webhook',
    ['webhook.office.com'],
    `(?<secret>webhook\\.office\\.com/webhookb2/${UUID}@${UUID}/IncomingWebhook/[0-9a-z]{32}/${UUID})`,
    {
      prefix: `webhook.office.com/webhookb2/${UUID_SAMPLE}@${UUID_SAMPLE}/IncomingWebhook/`,
      alphabet: '0123456789abcdef',
      length: 32,
      suffix: `/${UUID_SAMPLE}`,
    },
  ),
  shaped(
    'discord-bot',
    'Discord bot token',
    ['discord'],
    '(?<![\\w.-])(?<secret>[MNO][A-Za-z0-9_-]{23,25}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,38})(?![\\w-])',
    { before: 'discord = ', prefix: 'MTE4NDUyMDkzMTc3NDA2NTY0.Gq7Zr2.', length: 38 },
    { check: isDiscordToken },
  ),
  shaped(
    'discord-webhook',
    'Discord webhook',
    ['discord'],
    '(?<secret>discord(?:app)?\\.com/api/webhooks/\\d{17,20}/[\\w-]{60,70})',
    {
      before: 'https://',
      prefix: 'discord.com/api/webhooks/118452093177406564/',
      length: 68,
    },
  ),
  shaped('telegram', 'Telegram bot token', [':aa'], '(?<!\\d)(?<secret>\\d{8,10}:AA[A-Za-z0-9_-]{33})(?![\\w-])', {
    prefix: '5129384760:AA',
    length: 33,
  }),
  named('line-channel', 'LINE channel access token', ['line_channel_access_token', 'channel_access_token'], 'base64', 150, {
    max: 200,
  }),
  named('line-notify', 'LINE Notify token', ['line_notify', 'line_token'], 'word', 43),
  named('chatwork', 'Chatwork API token', ['chatwork'], 'hex', 32),
  token('notion', 'Notion token', 'ntn_', 'word', 46),
  token('linear', 'Linear API key', 'lin_api_', 'word', 40),
  token('figma', 'Figma token', 'figd_', 'url', 40),
  shaped('airtable', 'Airtable token', ['pat'], '(?<![\\w.])(?<secret>pat[A-Za-z0-9]{14}\\.[a-f0-9]{64})(?![a-f0-9])', {
    prefix: 'patq7Zr2Kd9XwTm4B.',
    alphabet: '0123456789abcdef',
    length: 64,
  }),
  token('dropbox', 'Dropbox token', 'sl.', 'url', 130, { max: 160 }),
  token('typeform', 'Typeform token', 'tfp_', 'url', 59),
  token('contentful', 'Contentful token', 'CFPAT-', 'url', 43),
  token('frameio', 'Frame.io token', 'fio-u-', 'url', 64),
  token('okta', 'Okta API token', 'SSWS 00', 'url', 40),
  token('readme', 'ReadMe API key', 'rdme_', 'lower', 70),

  // Mail and messages
  shaped('sendgrid', 'SendGrid API key', ['sg.'], '(?<![\\w.])(?<secret>SG\\.[\\w-]{22}\\.[\\w-]{43})(?![\\w-])', {
    prefix: 'SG.q7Zr2Kd9XwTm4Bq7Zr2Kd9.',
    length: 43,
  }),
  token('mailgun', 'Mailgun API key', 'key-', 'hex', 32),
  shaped('mailchimp', 'Mailchimp API key', ['-us'], '(?<![\\w-])(?<secret>[a-f0-9]{32}-us\\d{1,2})(?!\\w)', {
    alphabet: '0123456789abcdef',
    length: 32,
    suffix: '-us14',
  }),
  token('brevo', 'Brevo API key', 'xkeysib-', 'hex', 64, { suffix: '-q7Zr2Kd9XwTm4B1c' }),
  token('twilio-key', 'Twilio API key', 'SK', 'hex', 32),
  named('twilio-token', 'Twilio auth token', ['twilio_auth_token', 'twilio_token'], 'hex', 32),

  // Money and shops
  token('stripe-live', 'Stripe secret key', 'sk_live_', 'word', 24, { max: 110 }),
  token('stripe-restricted', 'Stripe restricted key', 'rk_live_', 'word', 24, { max: 110 }),
  token('stripe-webhook', 'Stripe webhook secret', 'whsec_', 'word', 32, { max: 64 }),
  token('square-access', 'Square access token', 'sq0atp-', 'url', 22),
  token('square-secret', 'Square OAuth secret', 'sq0csp-', 'url', 43),
  token('shopify-admin', 'Shopify admin token', 'shpat_', 'hex', 32),
  token('shopify-custom', 'Shopify custom app token', 'shpca_', 'hex', 32),
  token('shopify-private', 'Shopify private app password', 'shppa_', 'hex', 32),
  token('shopify-shared', 'Shopify shared secret', 'shpss_', 'hex', 32),
  shaped(
    'braintree',
    'Braintree access token',
    ['access_token$production$'],
    '(?<secret>access_token\\$production\\$[0-9a-z]{16}\\$[0-9a-f]{32})',
    {
      prefix: 'access_token$production$q7zr2kd9xwtm4b1c$',
      alphabet: '0123456789abcdef',
      length: 32,
    },
  ),
  token('easypost', 'EasyPost API key', 'EZAK', 'word', 54),
  token('flutterwave', 'Flutterwave secret key', 'FLWSECK-', 'hex', 32, { suffix: '-X' }),
  token('shippo', 'Shippo token', 'shippo_live_', 'hex', 40),
  named('payjp', 'PAY.JP secret key', ['payjp_secret', 'payjp_key'], 'hex', 24),

  // Watching
  named('datadog', 'Datadog API key', ['datadog_api_key', 'dd_api_key'], 'hex', 32),
  named('datadog-app', 'Datadog application key', ['datadog_app_key', 'dd_app_key', 'datadog_application_key'], 'hex', 40),
  token('newrelic-user', 'New Relic user key', 'NRAK-', 'upper', 27),
  token('newrelic-insert', 'New Relic insights key', 'NRII-', 'url', 32),
  token('grafana-cloud', 'Grafana Cloud token', 'glc_eyJ', 'base64', 60, { max: 400 }),
  shaped(
    'grafana-service',
    'Grafana service account token',
    ['glsa_'],
    '(?<secret>glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8})(?![A-Za-z0-9])',
    {
      prefix: 'glsa_',
      length: 32,
      suffix: '_4f1c93be',
    },
  ),
  token('sentry-user', 'Sentry user token', 'sntryu_', 'hex', 64),
  token('sentry-org', 'Sentry organisation token', 'sntrys_eyJ', 'base64', 100, { max: 400 }),
  named('rollbar', 'Rollbar token', ['rollbar'], 'hex', 32),
  shaped('launchdarkly', 'LaunchDarkly SDK key', ['sdk-', 'api-'], `(?<![\\w-])(?<secret>(?:sdk|api)-${UUID})(?![\\w-])`, {
    prefix: `sdk-${UUID_SAMPLE}`,
  }),
  named('algolia', 'Algolia admin key', ['algolia_admin', 'algolia_api', 'algolia_key'], 'hex', 32),
  token('dynatrace', 'Dynatrace token', 'dt0c01.', 'upper', 24, {
    suffix: '.Q7ZR2KD9XWTM4B1CQ7ZR2KD9XWTM4B1CQ7ZR2KD9XWTM4B1CQ7ZR2KD9XWTM4B1C',
  }),

  // Models
  shaped(
    'openai',
    'OpenAI API key',
    ['t3blbkfj'],
    '(?<![\\w-])(?<secret>sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,80}T3BlbkFJ[A-Za-z0-9_-]{20,80})(?![\\w-])',
    {
      prefix: 'sk-q7Zr2Kd9XwTm4B1cYh5NT3BlbkFJ',
      length: 20,
    },
  ),
  token('anthropic', 'Anthropic API key', 'sk-ant-api03-', 'url', 93, { suffix: 'AA' }),
  token('anthropic-admin', 'Anthropic admin key', 'sk-ant-admin01-', 'url', 93, { suffix: 'AA' }),
  token('huggingface', 'Hugging Face token', 'hf_', 'word', 34),
  token('replicate', 'Replicate token', 'r8_', 'word', 37),
  token('groq', 'Groq API key', 'gsk_', 'word', 52),
  token('perplexity', 'Perplexity API key', 'pplx-', 'word', 48),
  token('xai', 'xAI API key', 'xai-', 'word', 80),
  token('pinecone', 'Pinecone API key', 'pcsk_', 'url', 60, { max: 80 }),

  // Maps and others
  token('mapbox', 'Mapbox secret token', 'sk.eyJ', 'url', 60, { suffix: '.q7Zr2Kd9XwTm4B1cYh5N6A' }),
  token('facebook', 'Facebook access token', 'EAACEdEose0cBA', 'word', 30, { max: 250 }),
  token('twitter-bearer', 'Twitter bearer token', 'AAAAAAAAAAAAAAAAAAAAA', 'url', 60, { max: 120 }),
  shaped('cloudinary', 'Cloudinary address with secret', ['cloudinary://'], 'cloudinary://\\d{10,20}:(?<secret>[\\w-]{20,40})@', {
    before: 'cloudinary://118452093177406:',
    length: 27,
    suffix: '@shop',
  }),

  // Anywhere
  shaped(
    'private-key',
    'Private key',
    ['private key'],
    '(?<secret>-----BEGIN (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED) )?PRIVATE KEY(?: BLOCK)?-----[\\sA-Za-z0-9+/=\\\\"\',:.-]{40,12000}?-----END (?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED) )?PRIVATE KEY(?: BLOCK)?-----)',
    { prefix: '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI', length: 43, suffix: '\n-----END PRIVATE KEY-----' },
    { check: isPrivateKey },
  ),
  shaped(
    'putty-key',
    'PuTTY private key',
    ['putty-user-key-file'],
    '(?<secret>PuTTY-User-Key-File-[23]: [\\w-]{5,30}\\s{1,2}Encryption: none\\s[\\s\\S]{20,4000}?Private-Lines: \\d{1,3})',
    {
      prefix: 'PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: q7Zr2Kd9XwTm4B1c\nPrivate-Lines: 14',
    },
  ),
  shaped(
    'jwt',
    'JSON Web Token',
    ['eyj'],
    '(?<![\\w.-])(?<secret>eyJ[A-Za-z0-9_-]{10,2000}\\.eyJ[A-Za-z0-9_-]{10,4000}\\.[A-Za-z0-9_-]{20,700})(?![\\w-])',
    { prefix: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI5OTEyMzQ1NiIsInJvbGUiOiJ4In0.', length: 43 },
    { check: isJwt },
  ),
  shaped(
    'database-url',
    'Password in a database address',
    ['postgres://', 'postgresql://', 'mysql://', 'mongodb://', 'mongodb+srv://', 'redis://', 'rediss://', 'amqp://', 'amqps://'],
    '(?:postgres(?:ql)?|mysql|mongodb(?:\\+srv)?|rediss?|amqps?)://[^\\s:@/"\'<>`]{0,64}:(?<secret>[^\\s:@/"\'<>`]{6,128})@[\\w.-]{3,200}',
    { before: 'postgres://shop:', length: 20, suffix: '@db.internal' },
    { check: isRealPassword, entropy: 2.5 },
  ),
  shaped(
    'basic-url',
    'Password in an address',
    ['://'],
    '(?:https?|ftp|ldaps?|smtps?)://[^\\s:@/"\'<>`]{1,64}:(?<secret>[^\\s:@/"\'<>`]{6,128})@[\\w.-]{3,200}',
    { before: 'https://shop:', length: 20, suffix: '@registry.internal' },
    { check: isRealPassword, entropy: 2.5 },
  ),
  shaped(
    'basic-header',
    'Basic authorisation',
    ['basic '],
    '[Aa]uthorization["\']?\\s{0,4}[:=,]\\s{0,4}["\']?Basic (?<secret>[A-Za-z0-9+/]{16,200}={0,2})(?![\\w+/=])',
    { before: 'Authorization: Basic ', prefix: 'c2hvcDpxN1pyMktkOVh3VG00QjFj' },
    { check: (secret) => /^[^\s:]{1,100}:.{4,}$/.test(Buffer.from(secret, 'base64').toString('utf8')), entropy: 3 },
  ),
  shaped(
    'npmrc',
    'Registry token in .npmrc',
    ['_auth'],
    '(?:^|[:\\s])_(?:auth|authToken|password)\\s{0,2}=\\s{0,2}"?(?<secret>[A-Za-z0-9+/=_.-]{16,300})(?![\\w$])',
    {
      before: '//registry.internal/:_authToken=',
      length: 36,
    },
  ),
  shaped(
    'generic-secret',
    'Secret given to a name',
    ['secret', 'passw', 'token', 'api_key', 'apikey', 'api-key', 'access_key', 'private_key', 'credential'],
    '(?<![A-Za-z])(?:[\\w.-]{0,40}(?:secret|passw(?:or)?d|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\\w.-]{0,20})["\'`\\]]{0,2}\\s{0,4}(?:=>|:=|=|:)\\s{0,4}["\'`](?<secret>[A-Za-z0-9_+/=.!@#$%^&*~-]{12,200})["\'`]',
    { before: 'client_secret: "', length: 32, suffix: '"' },
    { check: (secret) => isRealPassword(secret) && isRandom(secret), entropy: 3.4, flags: 'i' },
  ),
]

/** Digits and letters mixed as people do not write names: paths, identifiers and sentences are none. */
function isRandom(secret: string): boolean {
  if (!/\d/.test(secret) || !/[A-Za-z]/.test(secret)) return false
  if (/^[\w.-]+\.[a-z]{2,4}$/i.test(secret) || /^(?:https?|file|\.{0,2}\/)/.test(secret)) return false
  const words = secret.split(/[_.\-/]/)
  if (words.length > 2 && words.every((word) => /^(?:[A-Z]?[a-z]+\d{0,2}|[A-Z]+|\d{1,4})$/.test(word))) return false
  // A change between letters, digits and signs every few characters.
  const changes = [...secret].filter((sign, at) => at > 0 && kindOf(sign) !== kindOf(secret[at - 1]!)).length
  return changes / secret.length >= 0.22
}

function kindOf(sign: string): number {
  return /\d/.test(sign) ? 0 : /[a-z]/.test(sign) ? 1 : /[A-Z]/.test(sign) ? 2 : 3
}
