namespace Callwatch.Control;

/// <summary>Finds the number of an app by its name; what intake needs of control data.</summary>
public interface IAppDirectory
{
    /// <summary>
    /// The app's number in its tenant. An unknown name makes a new app up to the tenant's bound; beyond it the number of the app
    /// <c>other</c>, counted. Quick enough to be asked for every resource of every request.
    /// </summary>
    int AppIdOf(int tenantId, string name);

    /// <summary>Whether there are tenants beside one: then each has a share of what all have together. As quick.</summary>
    bool HasSeveralTenants => false;
}
