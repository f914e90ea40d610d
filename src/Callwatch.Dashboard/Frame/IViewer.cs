using Callwatch.Control;
using Callwatch.Query;

namespace Callwatch.Dashboard.Frame;

/// <summary>Who looks at the dashboard. The host knows; one per request.</summary>
public interface IViewer
{
    /// <summary>What may be seen: never wider than what the same person would get from the API.</summary>
    ReadScope Scope { get; }

    /// <summary>Whether the state of the whole instance may be seen, and not just what is the tenant's own.</summary>
    bool SeesInstance { get; }

    /// <summary>Whether what concerns the whole instance may be changed.</summary>
    bool MayOperate { get; }

    /// <summary>Whether what belongs to the tenant may be changed.</summary>
    bool MayChange { get; }

    /// <summary>Who it is, for the audit.</summary>
    string Who { get; }

    /// <summary>The sign-in that is used; null when there is none.</summary>
    string? SignIn => null;

    /// <summary>Scopes that a key may be given by this person.</summary>
    KeyScopes MayGive => KeyScopes.None;
}
