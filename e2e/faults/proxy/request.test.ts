import { describe, expect, it } from 'vitest';
import { readRequest } from './request.ts';

const apply = { 'content-type': 'application/apply-patch+yaml' };

describe('readRequest', () => {
  it.each([
    {
      name: 'an apply of a status',
      method: 'PATCH',
      url: '/apis/g.io/v1/namespaces/n/toys/t/status?fieldManager=gpuopt-toy&force=true',
      headers: apply,
      body: '{}',
      is: { verb: 'apply', resource: 'toys/status', namespace: 'n', name: 't', controller: 'gpuopt-toy' },
    },
    {
      name: 'a create, named by its body',
      method: 'POST',
      url: '/api/v1/namespaces/n/configmaps?fieldManager=m',
      headers: {},
      body: '{"metadata":{"name":"c"}}',
      is: { verb: 'create', resource: 'configmaps', namespace: 'n', name: 'c', controller: 'm' },
    },
    {
      name: 'a delete, which names no manager',
      method: 'DELETE',
      url: '/api/v1/namespaces/n/pods/p',
      headers: { 'user-agent': 'gpuopt' },
      body: '',
      is: { verb: 'delete', resource: 'pods', namespace: 'n', name: 'p', controller: 'gpuopt' },
    },
    {
      name: 'a patch of a namespace',
      method: 'PATCH',
      url: '/api/v1/namespaces/n?fieldManager=m',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: '{}',
      is: { verb: 'patch', resource: 'namespaces', namespace: '', name: 'n' },
    },
    {
      name: 'a watch of a cluster-wide collection',
      method: 'GET',
      url: '/apis/g.io/v1/toys?watch=true',
      headers: {},
      body: '',
      is: { verb: 'watch', resource: 'toys', namespace: '', name: '' },
    },
    {
      name: 'an eviction',
      method: 'POST',
      url: '/api/v1/namespaces/n/pods/p/eviction',
      headers: {},
      body: '{"metadata":{"name":"p"}}',
      is: { verb: 'create', resource: 'pods/eviction', namespace: 'n', name: 'p', controller: 'unnamed' },
    },
  ])('reads $name', ({ method, url, headers, body, is }) => {
    expect(readRequest(method, url, headers, body)).toMatchObject(is);
  });
});
