import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { prometheusConfig } from './config.ts';

describe('the configuration of Prometheus', () => {
  it('scrapes each job at the interval and keeps the labels of the exporter', () => {
    const jobs = [
      { name: 'dcgm', urls: ['http://127.0.0.1:9400', 'http://127.0.0.1:9401/metrics'] },
      { name: 'operator', urls: ['http://10.245.0.2:8080/metrics'] },
    ];
    expect(parse(prometheusConfig({ intervalSeconds: 2, jobs, ruleFiles: ['/rules.yaml'] }))).toEqual({
      global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '2s' },
      rule_files: ['/rules.yaml'],
      scrape_configs: [
        {
          job_name: 'dcgm',
          honor_labels: true,
          metrics_path: '/metrics',
          static_configs: [{ targets: ['127.0.0.1:9400', '127.0.0.1:9401'] }],
        },
        {
          job_name: 'operator',
          honor_labels: true,
          metrics_path: '/metrics',
          static_configs: [{ targets: ['10.245.0.2:8080'] }],
        },
      ],
    });
  });

  it('gives two paths of one job names of their own, which Prometheus demands', () => {
    const jobs = [{ name: 'a', urls: ['http://h:1/x', 'http://h:1/y'] }];
    const config: { readonly scrape_configs: readonly { readonly job_name: string }[] } = parse(
      prometheusConfig({ intervalSeconds: 15, jobs }),
    );
    expect(config.scrape_configs.map(({ job_name }) => job_name)).toEqual(['a', 'a-1']);
  });
});
