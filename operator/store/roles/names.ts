/** Who migrates: owns every table and index. */
export const ownerRole = 'gpuopt_owner';
/** Who the operator is once the schema stands. */
export const writerRole = 'gpuopt_writer';
/** Who a request of a tenant is: reads its own rows only. */
export const tenantRole = 'gpuopt_tenant';
/** Who reports are: reads every tenant's rows, no personal data and no secrets. */
export const readerRole = 'gpuopt_reader';

/** The four roles of a store; none of them may log in. */
export const roles = [ownerRole, writerRole, tenantRole, readerRole] as const;

/** The roles that the operator takes in turn, and must therefore be a member of. */
export const takenRoles = [ownerRole, writerRole, tenantRole] as const;

/** The setting that says whose rows a tenant's transaction may read. */
export const tenantSetting = 'gpuopt.tenant';
