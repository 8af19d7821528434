{{/* The name of the release's objects. */}}
{{- define "ingest.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "ingest.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "ingest.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{- define "ingest.labels" -}}
{{ include "ingest.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "ingest.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ingest.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What no pod may do. The image works as any user and with a read-only root. */}}
{{- define "ingest.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "ingest.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The environment of a container. Takes the root, the component's own variables and the key of the database's URL. */}}
{{- define "ingest.environment" -}}
- {name: DATABASE_URL_FILE, value: "/etc/ingest/database/{{ .key }}"}
- {name: LOG_FORMAT, value: json}
{{- range $name, $value := merge (dict) .own .root.Values.environment }}
- {name: {{ $name }}, value: {{ ternary $value (toJson $value) (kindIs "string" $value) | quote }}}
{{- end }}
{{- end }}

{{- define "ingest.mounts" -}}
- {name: database, mountPath: /etc/ingest/database, readOnly: true}
- {name: temporary, mountPath: /tmp}
{{- end }}

{{/* The volumes of a pod. Takes the root, and the space for temporary files. */}}
{{- define "ingest.volumes" -}}
- name: database
  secret:
    secretName: {{ required "database.secret is required: the name of a Secret with the database's URL" .root.Values.database.secret }}
    defaultMode: 0440
- name: temporary
  emptyDir: {sizeLimit: {{ .space }}}
{{- end }}

{{/* The probes of a server and of a worker: both answer on the port of the metrics. */}}
{{- define "ingest.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: metrics}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /livez, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: {path: /readyz, port: metrics}
  periodSeconds: 10
  timeoutSeconds: 5
{{- end }}
