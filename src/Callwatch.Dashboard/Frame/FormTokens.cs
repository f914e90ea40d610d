using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Dashboard.Frame;

/// <summary>The token that every change needs, for the forms of a page; none for who may not change anything.</summary>
public sealed class FormTokens(IHttpContextAccessor http, IAntiforgery antiforgery)
{
    private IReadOnlyList<(string Name, string Value)>? hidden;

    /// <summary>Fields that go along unseen.</summary>
    public IReadOnlyList<(string Name, string Value)> Of(Visit visit)
    {
        if (!visit.MayChange || http.HttpContext is not { } context) return [];
        if (hidden is not null) return hidden;
        var tokens = antiforgery.GetAndStoreTokens(context);
        return hidden = [(tokens.FormFieldName, tokens.RequestToken!)];
    }
}
